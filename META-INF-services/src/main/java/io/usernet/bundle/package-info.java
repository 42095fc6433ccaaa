/**
 * What makes {@code usernet.jar} one file. The provider's classes are at its top; the links and
 * the libraries that they need (jnr, ASM) are below {@code META-INF/usernet/lib}, where only {@link
 * io.usernet.bundle.BundleLoader} finds them: an application may have other versions of the same
 * libraries. As a Java agent, it is {@link io.usernet.agent}.
 */
package io.usernet.bundle;
