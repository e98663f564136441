/** How a thing looks: a colour and a shape, so that neither is needed to tell two apart. */
export type Tone = 'free' | 'rented' | 'working' | 'cleaning' | 'quarantined' | 'dead' | 'unknown' | 'taken';
