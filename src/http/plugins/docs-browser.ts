/** What the document says, in development alone, for the Authorize dialog to be filled with. */
export interface DevelopmentLogin {
  client_id: string
  client_secret: string
  username: string
  password: string
}

/** The same of the document for operators. */
export interface DevelopmentToken {
  access_token: string
}

/** What Swagger UI keeps of an authorisation by oauth2, over reloads and restarts. */
interface Kept {
  clientSecret?: string
  token?: { access_token?: string }
}

/** Swagger UI, as its own initializer calls it. */
declare const ui: {
  specSelectors: {
    specJson(): { get(name: string): { toJS(): DevelopmentLogin & DevelopmentToken } | undefined }
  }
  authSelectors: { authorized(): { get(scheme: string): { toJS(): Kept } | undefined } | undefined }
  authActions: { logoutWithPersistOption(schemes: string[]): void }
  initOAuth(options: { clientId: string; clientSecret: string }): void
  preauthorizeBasic(scheme: string, username: string, password: string): void
  preauthorizeApiKey(scheme: string, token: string): void
}

/** As much of the browser as is used here. */
declare const document: {
  body: object
  querySelector(selector: string): object | null
  getElementById(id: string): (EventTarget & { dataset: Record<string, string> }) | null
}
declare const HTMLInputElement: { prototype: object }
declare const MutationObserver: new (
  callback: () => void,
) => { observe(node: object, options: { childList: true; subtree: true }): void }

/**
 * Runs in the browser: its text is put into Swagger UI's initializer, so that it can use nothing of
 * this file. Fills the Authorize dialog with the demo client and user that the document names, if it
 * names any, and forgets what was kept of an earlier state directory, or has expired.
 */
export function prefillAuthorize(): void {
  const demo = ui.specSelectors.specJson().get('x-development')?.toJS()
  if (demo === undefined) return
  ui.initOAuth({ clientId: demo.client_id, clientSecret: demo.client_secret })
  // Whatever was kept: that may be the secret of a client that is gone with its state directory.
  ui.preauthorizeBasic('backendBasic', demo.client_id, demo.client_secret)
  const expiresAt = (token: string) => {
    try {
      const payload = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')
      return Number(JSON.parse(atob(payload)).exp) * 1000
    } catch {
      return 0
    }
  }
  const kept = ui.authSelectors.authorized()?.get('oauth2')?.toJS()
  if (kept !== undefined) {
    const isOurs = kept.clientSecret === demo.client_secret
    // The page was loaded just now.
    const isFresh = expiresAt(kept.token?.access_token ?? '') > performance.timeOrigin
    if (!isOurs || !isFresh) ui.authActions.logoutWithPersistOption(['oauth2'])
  }
  const fill = (id: string, text: string) => {
    const field = document.getElementById(id)
    if (field === null || field.dataset.filled !== undefined) return
    field.dataset.filled = 'once'
    // Past React's own setter, which would take the event below for one that changes nothing.
    const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value') ?? {}
    set?.call(field, text)
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }
  // Swagger UI has a setting for the client, and none for the user.
  const dialog = new MutationObserver(() => {
    fill('oauth_username', demo.username)
    fill('oauth_password', demo.password)
  })
  dialog.observe(document.querySelector('#swagger-ui .scheme-container') ?? document.body, {
    childList: true,
    subtree: true,
  })
}

/**
 * Runs in the browser, as above: authorises by the access token that the document names, if it names
 * any. A reload brings a new one.
 */
export function prefillBearer(): void {
  const demo = ui.specSelectors.specJson().get('x-development')?.toJS()
  if (demo !== undefined) ui.preauthorizeApiKey('bearer', demo.access_token)
}
