/** What is counted of messages that are tried again. */

/** Index of a count. */
export const RetryCount = {
  /** Tries that were put on the schedule. */
  scheduled: 0,
  /** Of these, tries that were begun. */
  begun: 1,
  /** Messages that were accepted after they had been deferred. */
  accepted: 2,
  /** Messages that stayed deferred in their last try. */
  gaveUp: 3,
  /** Messages whose next try was still ahead when the run ended. */
  waiting: 4,
} as const;

/** How many counts there are. */
export const RETRY_COUNTS = 5;
