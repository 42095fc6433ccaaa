/**
 * The contract of java.net's sockets: one suite of tests that runs against the JDK's own, which are the
 * oracle, against ours on the stack, and against ours that pass to the kernel. No factory is set, because
 * that can be done once in a JVM: {@code UsernetSocketsTest} does it in one of its own.
 */
package io.usernet.socket.contract;
