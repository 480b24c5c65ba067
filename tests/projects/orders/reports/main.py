from fastapi import FastAPI

app = FastAPI()


@app.get("/reports")
async def reports() -> list[str]:
    return []


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}
