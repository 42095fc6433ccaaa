/**
 * Bytes and fields: header accessors at named offsets, checksums, sequence arithmetic, addresses and
 * the printer in tcpdump's notation. One file a protocol.
 *
 * <p>Every header class has one gate, {@code check(b, at, end)}. Once it has returned a length, no
 * other accessor of that class can fail for that header; before that, none may be called. Accessors
 * are static and absolute: they never touch a buffer's position, limit or byte order. Buffers are
 * direct, writable and big-endian; any thread may call, as long as it owns the bytes.
 */
package io.usernet.wire;
