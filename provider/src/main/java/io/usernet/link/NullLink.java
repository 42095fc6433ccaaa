package io.usernet.link;

import io.usernet.frame.Frame;
import java.util.concurrent.locks.LockSupport;

/** No link: nothing comes, nothing goes, and whoever waits for it parks until it is woken. */
public final class NullLink implements LinkDevice {
    private static final LinkCapabilities CAPABILITIES =
            new LinkCapabilities("none", 3, LinkCapabilities.MAX_MTU, 0, true, 0);

    private volatile boolean woken;
    private volatile Thread waiter;

    /** As good as any other. */
    public NullLink() {}

    @Override
    public LinkCapabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public boolean receive(Frame into) {
        return false;
    }

    @Override
    public Transmit transmit(Frame frame) {
        return Transmit.DONE;
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        waiter = Thread.currentThread();
        if (!woken && timeoutNs > 0) {
            if (timeoutNs == Long.MAX_VALUE) LockSupport.park(this);
            else LockSupport.parkNanos(this, timeoutNs);
        }
        woken = false;
        waiter = null;
    }

    @Override
    public void wake() {
        woken = true; // before the look at `waiter`, as await sets `waiter` before it looks at this
        LockSupport.unpark(waiter);
    }

    @Override
    public void close() {}
}
