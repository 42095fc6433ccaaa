/**
 * Programs as anyone would write them: {@code java.nio} or the JDK's HTTP server, and nothing of Usernet's. On which
 * stack they run is decided by the command line that starts them.
 */
package io.usernet.samples;
