/**
 * Off-heap memory and the frames made of it.
 *
 * <p>{@link io.usernet.frame.Memory} is a stack's one budget; it hands out {@link
 * io.usernet.frame.Slab}s, which are ranges of large direct buffers. A {@link
 * io.usernet.frame.Frame} is a list of slices: the first holds all headers, the others payload. A
 * slice keeps its memory alive through a {@link io.usernet.frame.Holder}, whose plain count only the
 * home loop changes.
 */
package io.usernet.frame;
