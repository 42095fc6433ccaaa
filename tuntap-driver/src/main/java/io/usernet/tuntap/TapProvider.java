package io.usernet.tuntap;

/**
 * Opens {@code tap:NAME}: attaches to the TAP device of that name, or creates it, which takes
 * CAP_NET_ADMIN. A device that we created goes when we close it.
 *
 * <table>
 * <caption>Parameters, as in {@code tap:usernet0?host=10.0.0.1/24&mtu=1400}</caption>
 * <tr><td>{@code host=ADDRESS/LENGTH}</td><td>gives the kernel's end this address, in the place of
 *     the one it has, and brings it up. Without it, whoever prepared the device does so.</td></tr>
 * <tr><td>{@code mtu=N}</td><td>sets the interface's MTU, 576 to 65521. Without it, ours is what the
 *     interface has.</td></tr>
 * <tr><td>{@code mac=xx:xx:xx:xx:xx:xx}</td><td>our hardware address. Without it, it is derived from
 *     that of the kernel's end: locally administered, different from it, and the same for as long as
 *     the device exists, so that a restart leaves the neighbours' tables right.</td></tr>
 * <tr><td>{@code persist=true|false}</td><td>whether the device stays when we close it. Without it,
 *     that remains as it is.</td></tr>
 * </table>
 *
 * <p>Stateless and thread-safe.
 */
public final class TapProvider extends TunTapProvider {
    /** For {@link java.util.ServiceLoader}. */
    public TapProvider() {
        super(Mode.TAP);
    }
}
