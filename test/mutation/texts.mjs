import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'

/**
 * Texts are for people and may be worded anew at any time; what programs go by are the codes. So an empty
 * text in the place of another is no fault that a test should find: what a finding expects, has and advises, and
 * the message of an error. Only the texts are left out: what decides between them is not.
 */
const TEXTS = new Set(['expected', 'actual', 'hint'])
const isText = (path) => path.isStringLiteral() || path.isTemplateLiteral()
const saysIt = (path) =>
  (path.isProperty() && TEXTS.has(path.node.key.name)) ||
  (path.isNewExpression() && /^(Type)?Error$/.test(path.node.callee.name)) ||
  (path.isCallExpression() && path.node.callee.name === 'require')

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'texts', {
    shouldIgnore: (path) =>
      isText(path) && path.findParent(saysIt) ? 'a text for people' : undefined,
  }),
]
