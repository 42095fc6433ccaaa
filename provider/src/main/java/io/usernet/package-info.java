/** The public door of Usernet. */
package io.usernet;
