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
    super(`The embedded database in ${directory} is in use by ${owner}`)
    this.owner = owner
  }
}
