/**
 * What names of rentals and tenants are, so that one can stand in a host name (RFC 1123, section 2.1); an id has an
 * underscore and can't be one.
 */
export const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
