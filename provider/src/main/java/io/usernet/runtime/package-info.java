/**
 * Who runs the stack, and when. A {@link io.usernet.runtime.Loop} owns a link and the stack on it;
 * its seat is held by one thread at a time. The only package that reads the clock for the core.
 */
package io.usernet.runtime;
