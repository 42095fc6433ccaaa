package io.usernet.tuntap;

import java.lang.reflect.Method;

/** Native access for our module where an agent has opened {@code java.lang} to it. */
final class NativeAccess {
    private NativeAccess() {}

    /**
     * Takes it, in the place of the JVM's option {@code --enable-native-access}. Usernet.jar's agent calls
     * this by reflection: it is the module itself that must do it, since {@code java.lang} is open to
     * nobody else.
     *
     * @throws ReflectiveOperationException if the JDK has no such method, or failed in it
     * @throws RuntimeException if {@code java.lang} is not open to this module
     */
    static void take() throws ReflectiveOperationException {
        Method enable = Module.class.getDeclaredMethod("implAddEnableNativeAccess");
        enable.setAccessible(true);
        enable.invoke(NativeAccess.class.getModule());
    }
}
