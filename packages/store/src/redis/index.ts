// The public contract of @tsops/store/redis: every name is listed.

export type { RedisClientLike } from "./connection.ts";
export { type RedisOnlineStoreOptions, redisOnlineStore } from "./redis-online-store.ts";
