/**
 * The comparison with the JDK's provider: one program on plain {@code java.nio}
 * ({@link io.usernet.benchmarks.compare.Workloads}), and a driver that runs it on one provider after
 * the other ({@link io.usernet.benchmarks.compare.Compare}).
 */
package io.usernet.benchmarks.compare;
