/** JMH benchmarks of the parts that run for every packet or timer. */
package io.usernet.benchmarks;
