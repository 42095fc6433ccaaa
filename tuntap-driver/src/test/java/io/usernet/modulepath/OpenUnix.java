package io.usernet.modulepath;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import java.io.IOException;
import java.util.ServiceLoader;

/** A program of somebody who has the driver on the module path: both ends of a wire. */
public final class OpenUnix {
    private OpenUnix() {}

    public static void main(String[] args) throws IOException {
        LinkUri uri = LinkUri.parse("unix:" + args[0]);
        for (LinkProvider provider : ServiceLoader.load(LinkProvider.class)) {
            if (!provider.scheme().equals("unix")) continue;
            try (LinkDevice listening = provider.open(uri);
                    LinkDevice connected = provider.open(uri)) {
                connected.wake();
                connected.await(Long.MAX_VALUE, false);
                System.out.println(
                        provider.getClass().getModule() + " " + listening.capabilities().name());
            }
        }
    }
}
