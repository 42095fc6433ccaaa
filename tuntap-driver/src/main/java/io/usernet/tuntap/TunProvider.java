package io.usernet.tuntap;

/**
 * Opens {@code tun:NAME}: attaches to the TUN device of that name, or creates it, which takes
 * CAP_NET_ADMIN. A device that we created goes when we close it.
 *
 * <p>A TUN carries IP packets: there is no hardware address and no ARP, and whatever the kernel routes
 * to the interface comes to us. It cannot be a port of a bridge.
 *
 * <table>
 * <caption>Parameters, as in {@code tun:usernet0?host=10.0.0.1/24&mtu=65535}</caption>
 * <tr><td>{@code host=ADDRESS/LENGTH}</td><td>gives the kernel's end this address, in the place of
 *     the one it has, and brings it up; the network of that length is then routed to us. Without it,
 *     whoever prepared the device does so.</td></tr>
 * <tr><td>{@code mtu=N}</td><td>sets the interface's MTU, 576 to 65535. Without it, ours is what the
 *     interface has.</td></tr>
 * <tr><td>{@code persist=true|false}</td><td>whether the device stays when we close it. Without it,
 *     that remains as it is.</td></tr>
 * </table>
 *
 * <p>Stateless and thread-safe.
 */
public final class TunProvider extends TunTapProvider {
    /** For {@link java.util.ServiceLoader}. */
    public TunProvider() {
        super(Mode.TUN);
    }
}
