/** Gives every property test of a run the seed that was printed, so that one line repeats the whole run. */
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.DRYLIFT_TEST_SEED) });
