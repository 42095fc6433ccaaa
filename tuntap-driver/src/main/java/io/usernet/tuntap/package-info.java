/**
 * Linux TAP devices as links, {@code tap:NAME}. {@link io.usernet.tuntap.TapProvider} lists the
 * parameters. Nothing else here is public.
 *
 * <p>Which class knows what: {@code TapProvider} the user's parameters and how to open, {@code
 * KernelEnd} the interface as the kernel sees it, {@code TapLink} frames, {@code Syscalls} the calls
 * of the C library; {@code JnrSyscalls} makes them with jnr-ffi and is the only class that knows it.
 *
 * <p>On JDK 24 and later jnr's native layer makes the JDK warn about restricted methods and about
 * {@code sun.misc.Unsafe}. {@code --enable-native-access=ALL-UNNAMED} (on the module path: {@code
 * =org.jnrproject.jffi}) and {@code --sun-misc-unsafe-memory-access=allow} say that it may.
 */
package io.usernet.tuntap;
