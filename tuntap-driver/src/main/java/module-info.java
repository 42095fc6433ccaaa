/**
 * Links by Linux's devices and sockets: {@code tap:}, {@code tun:}, {@code unix:}, {@code unixgram:},
 * {@code passt}.
 */
module io.usernet.tuntap {
    requires transitive io.usernet.provider;
    requires org.jnrproject.ffi; // before JDK 24; likewise below
    requires org.jnrproject.unixsocket;
    // What jnr-ffi needs and, being an automatic module, cannot say.
    requires org.objectweb.asm.commons;
    requires org.objectweb.asm.util;

    exports io.usernet.tuntap; // also to the unnamed module in which jnr-ffi defines its classes

    provides io.usernet.link.LinkProvider with
            io.usernet.tuntap.TapProvider,
            io.usernet.tuntap.TunProvider,
            io.usernet.tuntap.UnixProvider,
            io.usernet.tuntap.UnixgramProvider,
            io.usernet.tuntap.PasstProvider;
}
