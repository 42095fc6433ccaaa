package io.usernet.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StackConfigTest {
    private static String refused(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"10.0.0.255/24", "10.0.0.0/24", "224.0.0.1/24", "127.0.0.1/8", "0.0.0.0/0"})
    void noHostHasSuchAnAddress(String address) {
        assertEquals(
                address + " cannot be a host's address",
                refused(() -> StackConfig.defaults().withAddress(address)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/31", "10.0.0.1/31", "10.0.0.0/32", "10.0.0.2/24"})
    void hostsHaveThese(String address) {
        assertEquals(address, StackConfig.defaults().withAddress(address).addresses().get(0) + "");
    }

    @Test
    void theGatewayIsANeighbour() {
        StackConfig config = StackConfig.defaults().withAddress("10.0.0.2/24");
        assertEquals(
                "the gateway 10.0.1.1 is in none of the networks [10.0.0.2/24]",
                refused(() -> config.withGateway("10.0.1.1")));
        refused(() -> config.withGateway("10.0.0.2"));
        refused(() -> config.withGateway("10.0.0.255"));
        assertEquals(0x0A000001, config.withGateway("10.0.0.1").gateway());
    }

    @Test
    void memoryHasALeast() {
        assertTrue(refused(() -> StackConfig.defaults().withMemory(1)).contains("below 4194304"));
    }
}
