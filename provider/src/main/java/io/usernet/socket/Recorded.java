package io.usernet.socket;

import java.io.IOException;
import java.net.SocketOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The options that were set on a socket, to be set again on the leg that takes another's place: the last
 * value of each, in the order of setting. Thread-safe.
 *
 * @param <L> the type of legs
 */
final class Recorded<L> {
    /** Sets one option on a leg. */
    interface Setting<L> {
        void on(L leg) throws IOException;
    }

    private final Map<Object, Setting<L>> settings = new LinkedHashMap<>(); // guarded by this

    /** Remembers an option that was set by its number. */
    void add(int id, Setting<L> setting) {
        put(id, setting);
    }

    /** Remembers an option that was set by its name. */
    void add(SocketOption<?> name, Setting<L> setting) {
        put(name, setting);
    }

    private synchronized void put(Object key, Setting<L> setting) {
        settings.remove(key);
        settings.put(key, setting);
    }

    /** Sets all of them. */
    void replay(L leg) throws IOException {
        List<Setting<L>> all;
        synchronized (this) {
            all = new ArrayList<>(settings.values());
        }
        for (Setting<L> one : all) one.on(leg);
    }
}
