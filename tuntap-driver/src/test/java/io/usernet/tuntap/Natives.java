package io.usernet.tuntap;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.params.provider.Arguments;

/** The implementations of native calls, as parameters of tests. */
enum Natives {
    JNR,
    FOREIGN;

    NativeCalls calls() {
        try {
            return this == JNR ? NativeCalls.jnr() : NativeCalls.foreign();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Those that this JDK has. */
    static List<Natives> here() {
        return Runtime.version().feature() >= 22 ? List.of(JNR, FOREIGN) : List.of(JNR);
    }

    /** What links use on this JDK. */
    static Natives ofLinks() throws IOException {
        return NativeCalls.get().sys() instanceof ForeignSyscalls ? FOREIGN : JNR;
    }

    /** Each with each. */
    static List<Arguments> pairs() {
        return here().stream().flatMap(a -> here().stream().map(b -> Arguments.of(a, b))).toList();
    }

    /** The kernel's calls, of which one fails. */
    static Syscalls failing(String call, int errno) {
        Syscalls sys = here().get(0).calls().sys();
        return (Syscalls)
                Proxy.newProxyInstance(
                        Syscalls.class.getClassLoader(),
                        new Class<?>[] {Syscalls.class},
                        (proxy, method, arguments) ->
                                method.getName().equals(call)
                                        ? (Object) (-errno)
                                        : method.invoke(sys, arguments));
    }
}
