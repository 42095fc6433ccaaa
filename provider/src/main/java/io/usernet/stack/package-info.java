/**
 * The stack put together: interfaces, demultiplexing, ports. {@code input(frame, now)} and {@code
 * poll(now)}: no thread, no clock.
 */
package io.usernet.stack;
