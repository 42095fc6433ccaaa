package io.usernet.nio;

import java.lang.reflect.Field;
import java.net.SocketException;
import java.net.SocketOption;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** The options of module jdk.net, which a runtime image need not have. */
final class ExtendedOptions {
    /** Of the receive queue of a device: 0, since none is known here. It is only read. */
    static final String NAPI_ID = "SO_INCOMING_NAPI_ID";

    private ExtendedOptions() {}

    static SocketException readOnly(SocketOption<?> name) {
        return new SocketException("Attempt to set read only option " + name.name());
    }

    /** The standard options, and those of these names that the runtime has. Loads the module's class. */
    static Set<SocketOption<?>> with(Set<SocketOption<?>> standard, String... names) {
        Class<?> extended;
        try {
            extended = Class.forName("jdk.net.ExtendedSocketOptions");
        } catch (ClassNotFoundException e) {
            return standard; // this runtime image has no module jdk.net
        }
        Set<SocketOption<?>> options = new LinkedHashSet<>(standard);
        for (Field field : extended.getFields())
            for (String name : names) if (field.getName().equals(name)) options.add(value(field));
        return Collections.unmodifiableSet(options);
    }

    private static SocketOption<?> value(Field constant) {
        try {
            return (SocketOption<?>) constant.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError("a public constant of an exported class", e);
        }
    }
}
