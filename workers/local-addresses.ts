/** Whether this machine has the addresses that connections are to come from. */
import { createSocket } from 'node:dgram';
import type { AddressList } from '../src/plan/address-list.js';

/**
 * Asks the kernel for each address with a socket that nobody can connect to. Interface lists would not do: they lack
 * most of 127.0.0.0/8, which Linux has.
 *
 * @returns the first address that this machine does not have; null: it has them all
 */
export async function firstMissingAddress({ family, addresses }: AddressList): Promise<string | null> {
  for (const address of addresses) {
    if (!(await canBind(address, family))) return address;
  }
  return null;
}

function canBind(address: string, family: 4 | 6): Promise<boolean> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  return new Promise((resolve) => {
    const answer = (isPossible: boolean): void => {
      socket.close();
      resolve(isPossible);
    };
    socket.once('error', () => {
      answer(false);
    });
    socket.bind({ address, port: 0, exclusive: true }, () => {
      answer(true);
    });
  });
}
