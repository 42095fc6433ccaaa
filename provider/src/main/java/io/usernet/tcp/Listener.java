package io.usernet.tcp;

/** Shell: replaced by the implementation. */
public final class Listener {
    void onPosted(int what, long nowNs) {
        throw new UnsupportedOperationException();
    }
}
