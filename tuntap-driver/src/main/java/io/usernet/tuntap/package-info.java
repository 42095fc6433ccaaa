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
 * is; {@code PasstProcess} the child, {@code PasstLink} a wire to it.
 *
 * <p>Linux is called through two interfaces: {@code Syscalls} are the calls of the C library, {@code
 * UnixSockets} makes AF_UNIX sockets. From JDK 24 on both are made by the JDK's own foreign-function API:
 * {@code ForeignSyscalls} of {@code ForeignFunction}s, which {@code Foreign} binds and which leave
 * their errno in an {@code ErrnoCapture}, and {@code SyscallUnixSockets}. Before that, {@code
 * JnrSyscalls} knows jnr-ffi and {@code JnrUnixSockets} jnr-unixsocket, and nobody else does. {@code
 * NativeCalls} chooses.
 *
 * <p>JDK 24 and later warn once about restricted methods unless the JVM has the option {@code
 * --enable-native-access=ALL-UNNAMED} (on the module path: {@code =io.usernet.tuntap}), or usernet.jar
 * is its agent, for which {@code NativeAccess} takes native access for this module alone.
 */
package io.usernet.tuntap;
