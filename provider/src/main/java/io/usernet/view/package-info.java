/**
 * What a stack has and does, as snapshots: immutable records that print themselves as the line of the
 * Linux tool that people know, and {@link io.usernet.view.Tables} with that tool's header above them.
 * {@code io.usernet.Stack} hands them out.
 *
 * <p>All of it is immutable and thread-safe. Addresses are those of java.net, hardware addresses the
 * low 48 bits of a {@code long}.
 */
package io.usernet.view;
