package io.usernet.modulepath;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import java.io.IOException;
import java.util.ServiceLoader;

/** A program of somebody who has the driver on the module path. */
public final class OpenTap {
    private OpenTap() {}

    public static void main(String[] args) throws IOException {
        for (LinkProvider provider : ServiceLoader.load(LinkProvider.class)) {
            if (!provider.scheme().equals("tap")) continue;
            try (LinkDevice link = provider.open(LinkUri.parse("tap:usernet0"))) {
                link.wake();
                link.await(Long.MAX_VALUE, false);
                System.out.println(
                        provider.getClass().getModule() + " " + link.capabilities().name());
            }
        }
    }
}
