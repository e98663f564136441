/**
 * The form of rental and tenant names, so that they can be part of a host name (RFC 1123, section 2.1). An id has an
 * underscore, so no name can be mistaken for one.
 */
export const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
