/**
 * What java.nio promises for TCP and UDP channels, selectors and pipes, as tests that any {@code SelectorProvider} can
 * be put under. The JDK's own provider is the oracle: a test that it fails is a wrong test. Exception types and
 * messages are part of the contract, since applications match on both.
 *
 * <p>A contract is an abstract class of one clause group; a class of {@code @Nested} subclasses runs all of them on
 * one {@link io.usernet.nio.contract.Subject}.
 */
package io.usernet.nio.contract;
