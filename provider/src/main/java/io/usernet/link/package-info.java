/**
 * Links: where frames come from and go to. {@link io.usernet.link.LinkDevice} is what a driver
 * implements, {@link io.usernet.link.LinkProvider} is how its scheme is found. The loopback and the
 * wire inside the JVM live here; {@code link.wrap} decorates any link.
 */
package io.usernet.link;
