export { connectRedis, DEFAULT_REDIS_URL } from "./connect-redis.js";
