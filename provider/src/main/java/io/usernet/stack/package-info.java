/**
 * The stack put together: interfaces, demultiplexing, ports. It takes a turn when it is told to, with
 * the time as an argument: no thread, no clock.
 */
package io.usernet.stack;
