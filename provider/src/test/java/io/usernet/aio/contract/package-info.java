/**
 * What java.nio promises for asynchronous channels and their groups, as tests that any {@code
 * AsynchronousChannelProvider} can be put under. The JDK's own provider is the oracle: a test that it fails is a
 * wrong test. Exception types and messages are part of the contract.
 *
 * <p>A contract is an abstract class of one clause group; a class of {@code @Nested} subclasses runs all of them on
 * one {@link io.usernet.aio.contract.Subject}.
 */
package io.usernet.aio.contract;
