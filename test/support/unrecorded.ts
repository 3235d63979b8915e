/**
 * Loaded before the tests, and before tap's recorder: it notes every module for the coverage that is
 * off. A test of the service loads 1,300 modules, and the notes take nearly as long as the test. The
 * recorder reads what to leave out from its environment, which tap sets last.
 */
process.env._TAPJS_PROCESSINFO_EXCLUDE_ = '/./'
