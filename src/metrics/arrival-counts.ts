/** What is counted of planned arrivals, and of the messages that they were to bring. */

/** Index of a count. */
export const ArrivalCount = {
  /** Arrivals whose time had come, or would have. */
  offered: 0,
  started: 1,
  /** No session was free. */
  droppedCap: 2,
  /** The run ended before they could start. */
  droppedEnd: 3,
  /** Messages of arrivals that were offered. */
  messagesOffered: 4,
  messagesDroppedCap: 5,
  messagesDroppedEnd: 6,
} as const;

/** How many counts there are. */
export const ARRIVAL_COUNTS = 7;
