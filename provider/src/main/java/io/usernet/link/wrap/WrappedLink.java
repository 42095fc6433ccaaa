package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.frame.Memory;
import io.usernet.link.LinkAddresses;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;

/** A link that does what another one does; subclasses add to it. */
abstract class WrappedLink implements LinkDevice {
    private final LinkDevice link;

    WrappedLink(LinkDevice link) {
        this.link = link;
    }

    @Override
    public LinkCapabilities capabilities() {
        return link.capabilities();
    }

    @Override
    public LinkAddresses assigned() {
        return link.assigned();
    }

    @Override
    public void attach(Memory memory) {
        link.attach(memory);
    }

    @Override
    public boolean receive(Frame into) {
        return link.receive(into);
    }

    @Override
    public Transmit transmit(Frame frame) {
        return link.transmit(frame);
    }

    @Override
    public void flush() {
        link.flush();
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        link.await(timeoutNs, forTransmit);
    }

    @Override
    public void wake() {
        link.wake();
    }

    @Override
    public long dropped() {
        return link.dropped();
    }

    @Override
    public void close() {
        link.close();
    }
}
