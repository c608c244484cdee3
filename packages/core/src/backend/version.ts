/** The version of core: engines that keep programs compiled by its passes ask for it. */
export const coreVersion = "0.1.0";
