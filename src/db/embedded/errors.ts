/** The embedded database cannot be used here; the message says what to do instead. */
export class EmbeddedDatabaseUnavailable extends Error {
  override name = 'EmbeddedDatabaseUnavailable'
}

/** Another live process owns the embedded database of this state directory. */
export class EmbeddedDatabaseInUse extends Error {
  override name = 'EmbeddedDatabaseInUse'
  /** The line with which the owner described itself. */
  readonly owner: string

  constructor(owner: string, directory: string) {
    super(
      `Mintmark is already running: the embedded database in ${directory} is in use by ${owner}. ` +
        'Use that one, stop it, or give this one a STATE_DIR and a PORT of its own.',
    )
    this.owner = owner
  }
}
