/**
 * What makes {@code usernet.jar} one file. The provider's classes are at its top; the links and
 * the libraries that they need (jnr, ASM) are below {@code META-INF/usernet/lib}, where only {@link
 * io.usernet.bundle.BundleLoader} finds them: an application may have other versions of the same
 * libraries. As a Java agent, the jar is {@link io.usernet.agent}, for which {@link
 * io.usernet.bundle.NativeAccess} is.
 */
package io.usernet.bundle;
