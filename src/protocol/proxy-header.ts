/**
 * The PROXY protocol of HAProxy (proxy-protocol.txt, sections 2.1 and 2.2): what a proxy puts before the first octet of
 * a connection to say from whom it came. Octets only; who the client is to be is decided elsewhere.
 */

/** The two ends of the connection that the proxy speaks of. Both addresses have 4 octets (IPv4), or both 16 (IPv6). */
export interface ProxiedConnection {
  readonly source: Uint8Array;
  readonly sourcePort: number;
  readonly destination: Uint8Array;
  readonly destinationPort: number;
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Version 2, command PROXY: a connection for somebody else. */
const VERSION_AND_COMMAND = 0x21;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
/** Signature, version and command, family, and the length of what follows. */
const V2_FIXED_OCTETS = 16;

/** The line of version 1 (section 2.1). */
export function proxyHeaderV1({ source, sourcePort, destination, destinationPort }: ProxiedConnection): Buffer {
  const family = source.length === 4 ? 'TCP4' : 'TCP6';
  const ports = `${String(sourcePort)} ${String(destinationPort)}`;
  return Buffer.from(`PROXY ${family} ${textOf(source)} ${textOf(destination)} ${ports}\r\n`, 'latin1');
}

/** The binary header of version 2 (section 2.2), without extensions. */
export function proxyHeaderV2({ source, sourcePort, destination, destinationPort }: ProxiedConnection): Buffer {
  const payloadOctets = 2 * source.length + 4;
  const header = Buffer.alloc(V2_FIXED_OCTETS + payloadOctets);
  header.set(SIGNATURE, 0);
  header[12] = VERSION_AND_COMMAND;
  header[13] = source.length === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
  header.writeUInt16BE(payloadOctets, 14);
  header.set(source, V2_FIXED_OCTETS);
  header.set(destination, V2_FIXED_OCTETS + source.length);
  header.writeUInt16BE(sourcePort, V2_FIXED_OCTETS + 2 * source.length);
  header.writeUInt16BE(destinationPort, V2_FIXED_OCTETS + 2 * source.length + 2);
  return header;
}

/** Dotted decimal, or all eight groups: the specification knows no dotted end of IPv6 addresses. */
function textOf(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const view = new DataView(address.buffer, address.byteOffset, address.length);
  return Array.from({ length: 8 }, (_, group) => view.getUint16(2 * group).toString(16)).join(':');
}
