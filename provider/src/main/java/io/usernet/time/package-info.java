/**
 * Deadlines and the wheel that finds the next one. There is no clock here: time is an argument, in
 * nanoseconds since the stack started, never negative, so that plain {@code <} is right.
 */
package io.usernet.time;
