package io.usernet.link;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * How a user names a link: {@code scheme:name?key=value&key=value}, such as {@code
 * tap:usernet0?host=10.0.0.1/24}; or, where there is nothing to name, the scheme alone: {@code passt}.
 *
 * @param parameters in the order given
 */
public record LinkUri(String scheme, String name, Map<String, String> parameters) {
    /** Copies the parameters. */
    public LinkUri {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * Reads a link's name.
     *
     * @return its parts; only the scheme's driver knows whether they make sense
     * @throws IllegalArgumentException with a message that names the value and what is wrong with it
     */
    public static LinkUri parse(String text) {
        if (text.matches("[a-z][a-z0-9]*")) return new LinkUri(text, "", Map.of());
        int colon = text.indexOf(':');
        int question = text.indexOf('?');
        if (question > 0 && (colon < 0 || colon > question)) {
            throw new IllegalArgumentException(
                    "'" + text + "' has no ':' before the '?': write for example passt:?tcp=8080");
        }
        if (colon <= 0) {
            throw new IllegalArgumentException(
                    "'" + text + "' has no scheme: write for example tap:usernet0");
        }
        int query = text.indexOf('?', colon);
        Map<String, String> parameters = new LinkedHashMap<>();
        if (query >= 0 && query + 1 < text.length()) {
            for (String pair : text.substring(query + 1).split("&")) {
                int equals = pair.indexOf('=');
                if (equals <= 0) {
                    throw new IllegalArgumentException(
                            "'" + pair + "' in '" + text + "' is not of the form key=value");
                }
                parameters.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        String name = text.substring(colon + 1, query < 0 ? text.length() : query);
        return new LinkUri(text.substring(0, colon), name, parameters);
    }

    /**
     * For a provider: refuses parameters that it does not know.
     *
     * @throws IllegalArgumentException naming the first unknown one and those that exist
     */
    public void allow(Set<String> known) {
        for (String key : parameters.keySet()) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException(
                        "unknown parameter '" + key + "' in '" + this + "': known are " + known);
            }
        }
    }

    @Override
    public String toString() {
        StringBuilder s = new StringBuilder(scheme);
        if (!name.isEmpty() || !parameters.isEmpty()) s.append(':').append(name);
        char before = '?';
        for (Map.Entry<String, String> p : parameters.entrySet()) {
            s.append(before).append(p.getKey()).append('=').append(p.getValue());
            before = '&';
        }
        return s.toString();
    }
}
