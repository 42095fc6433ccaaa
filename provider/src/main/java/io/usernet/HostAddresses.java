package io.usernet;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.util.List;

/** The addresses of the machine that we run on, which are the kernel's. */
final class HostAddresses {
    private HostAddresses() {}

    /**
     * Those that are in no network of the stack's: what the stack sends there would not go over a link
     * of its own to reach the machine, as a kernel's would not.
     *
     * @param networks of the stack, as its addresses in them
     * @throws IOException if the kernel does not tell
     */
    static List<Integer> besides(List<Cidr> networks) throws IOException {
        return NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
                .map(address -> Ipv4Address.of((Inet4Address) address))
                .filter(address -> networks.stream().noneMatch(own -> own.contains(address)))
                .toList();
    }
}
