/**
 * Links by Linux's devices and sockets: TAP and TUN devices, {@code tap:NAME} (Ethernet frames) and
 * {@code tun:NAME} (IP packets); AF_UNIX wires, {@code unix:PATH} of a stream and {@code unixgram:PATH}
 * of datagrams; and {@code passt}, a way out by that program. {@link io.usernet.tuntap.TapProvider},
 * {@link io.usernet.tuntap.TunProvider}, {@link io.usernet.tuntap.UnixProvider}, {@link
 * io.usernet.tuntap.UnixgramProvider} and {@link io.usernet.tuntap.PasstProvider} list the parameters.
 * Nothing else here is public.
 *
 * <p>Which class knows what: the providers the users' parameters, {@code Mode} how TAP and TUN differ,
 * {@code TunTapProvider} how to open them, {@code KernelEnd} the interface as the kernel sees it, {@code
 * TunTapLink} its frames; {@code Rendezvous} who listens on a path, {@code FrameReader} and {@code
 * FrameWriter} frames in a stream of bytes, {@code UnixLink} connections that come and go; {@code
 * DatagramSocketFile} a datagram socket and its file, {@code UnixgramLink} its frames and who the peer
 * is; {@code PasstProcess} the child, {@code PasstLink} a wire to it. {@code Syscalls} are the calls of
 * the C library; {@code JnrSyscalls} makes them with jnr-ffi and is the only class that knows it, as
 * {@code UnixSockets} and {@code DatagramSocketFile} are of jnr-unixsocket.
 *
 * <p>On JDK 24 and later jnr's native layer makes the JDK warn about restricted methods and about
 * {@code sun.misc.Unsafe}. {@code --enable-native-access=ALL-UNNAMED} (on the module path: {@code
 * =org.jnrproject.jffi}) and {@code --sun-misc-unsafe-memory-access=allow} say that it may.
 */
package io.usernet.tuntap;
