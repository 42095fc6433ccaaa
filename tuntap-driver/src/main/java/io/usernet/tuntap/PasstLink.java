package io.usernet.tuntap;

import io.usernet.frame.Frame;
import io.usernet.link.LinkAddresses;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;

/**
 * A wire to a passt of our own. It has all connections' other ends, so when it ends they do, and the
 * link fails for good: that is told at once, with the reason, where another passt would leave them to
 * their timeouts.
 */
final class PasstLink implements LinkDevice {
    private final UnixLink wire;
    private final PasstProcess passt;
    private final LinkAddresses addresses;

    PasstLink(UnixLink wire, PasstProcess passt, LinkAddresses addresses) {
        this.wire = wire;
        this.passt = passt;
        this.addresses = addresses;
        passt.onEnd(this::ended);
    }

    private synchronized void ended() {
        if (passt.hasEnded()) wire.wake();
    }

    private void requirePasst() {
        if (passt.hasEnded()) throw new LinkFailure("passt: " + passt.end());
    }

    @Override
    public LinkCapabilities capabilities() {
        return wire.capabilities();
    }

    @Override
    public LinkAddresses assigned() {
        return addresses;
    }

    @Override
    public boolean receive(Frame into) {
        return wire.receive(into);
    }

    @Override
    public Transmit transmit(Frame frame) {
        return wire.transmit(frame);
    }

    @Override
    public void flush() {
        wire.flush();
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        requirePasst();
        wire.await(timeoutNs, forTransmit);
        requirePasst();
    }

    @Override
    public void wake() {
        wire.wake();
    }

    @Override
    public long dropped() {
        return wire.dropped();
    }

    /** Not while {@link #ended} wakes the wire, whose descriptor is closed here. */
    @Override
    public synchronized void close() {
        passt.close();
        wire.close();
    }
}
