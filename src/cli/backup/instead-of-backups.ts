/** What to do where the files of `backup` and `restore` will not do. */
export const INSTEAD_OF_BACKUPS =
  "Nothing was touched. A file like this is as old as its day, and comes back as a whole or not at all: use point-in-time recovery there (continuous archiving, by your provider, pgBackRest or WAL-G).";
